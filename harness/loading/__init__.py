"""What is loaded when it is first asked for: public names, and plug-ins of installed distributions."""
