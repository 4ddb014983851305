"""How a host of somebody else is reached: its address, the proxy, the authorities, libcurl."""
