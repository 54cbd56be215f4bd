"""What a run was: samples of its state kept, drawn and written down."""
