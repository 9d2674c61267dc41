"""What hides in ordinary traffic, each at three strengths: weak, medium, strong."""
