"""Documents sent elsewhere, beside the file of record: Tiled, 0MQ, ICAT. Off by default, each fed from the journals."""
