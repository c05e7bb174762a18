"""Python packages of one result: found together in one environment, or solved together and made into one."""
