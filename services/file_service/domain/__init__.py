"""What makes a file an essay: pure rules over text, without I/O."""
