"""Why a classifier answers as it does: maps, what they are worth, and pictures of them."""
