"""What every chart is made of: canvas, axes, bars, intervals, colours."""
