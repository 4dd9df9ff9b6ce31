"""What tests need that search: a network, a log and people whose trouble can be chosen step by step."""
