"""The payments API: what other services of the company may ask for."""
