"""The command line: one command, `operando`, with a file for each subcommand."""
