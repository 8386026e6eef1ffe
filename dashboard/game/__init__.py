"""The game against the model: which photos, which choices, whose turn, who won.

It knows nothing of web pages and of where games are kept: `engine` takes a game and gives the next one.
"""
