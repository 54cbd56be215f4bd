"""Other load: what the meters show beside our EVSEs, whether each is believed, and what counts where it is not (section 3)."""
