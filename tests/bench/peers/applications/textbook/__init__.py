"""What both textbook implementations share: the models, the endpoint and the work itself."""
