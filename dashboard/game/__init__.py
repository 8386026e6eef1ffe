"""The game against the model: photos, choices, moves and points.

`engine` takes a game and returns the next one; web pages and the storage of games are left to others.
"""
