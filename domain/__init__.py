"""What webref is: tables, access, commands, the change log, pictures."""
