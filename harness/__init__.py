"""What runs it: processes, pinning, the campaign's loop and the command line. The only room with side effects."""
