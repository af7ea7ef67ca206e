"""What a caption is worth: BLEU, and the measure of where attention lands."""
