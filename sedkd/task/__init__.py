"""What is to be learnt in one environment: events, splits, teachers' answers."""
