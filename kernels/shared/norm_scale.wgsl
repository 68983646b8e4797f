const LARGEST = 3.4e38; // nearly the largest f32

// 1 / sqrt(variance + epsilon). Where the squares overflowed, the variance is infinite: the scale would be 0, and the
// norm would become its bias in silence. The scale is infinite then, and so are the row and the logits, or NaN.
fn norm_scale(variance: f32, epsilon: f32) -> f32 {
  return select(variance * LARGEST, 1.0 / sqrt(variance + epsilon), variance <= LARGEST);
}
