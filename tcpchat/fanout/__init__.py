"""Ways to hand a batch to many sockets: `interface.py` says what each promises, `choice.py` chooses."""
