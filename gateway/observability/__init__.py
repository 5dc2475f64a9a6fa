"""What leaves the process about itself: reports of errors that nobody expected."""
