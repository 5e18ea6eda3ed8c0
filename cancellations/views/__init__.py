"""The pages of the cancellation desk."""
