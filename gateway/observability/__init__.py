"""What leaves the process about itself: traces, and reports of errors that nobody expected."""
