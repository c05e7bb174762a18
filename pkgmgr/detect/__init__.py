"""Detection: names → candidates → probes → entries, or rejections with a reason."""
