"""Headers of model files: what each format says of the model in it, without reading its weights."""
