"""One module a change of the schema, numbered; none is changed once it is released."""
