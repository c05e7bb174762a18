"""The nouns of ckpm: frozen values. No I/O; imports nothing of ours from other rooms."""
