"""Cards: what is known and measured of an activation, in the terminal, in a gallery, and as an audit."""
