"""What runs in an application's own interpreter, confined: the standard library is all they import."""
