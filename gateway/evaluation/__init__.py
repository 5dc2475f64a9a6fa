"""`tidegate-evaluate`: how good the answers of a running gateway are, on people's own questions."""
