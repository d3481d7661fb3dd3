"""A Django project with dj-stripe's webhook endpoint."""
