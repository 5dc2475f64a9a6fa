"""Why a search finds what it finds, for one person: asked by an operator from the shell."""
