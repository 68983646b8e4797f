// tanh(x) to a few roundings of its value, which WGSL's own does not promise. Near 0 by a polynomial in x^2, elsewhere
// by (1 - e) / (1 + e), e = exp(-2 |x|), which no x can make overflow. From 20 on it is 1. NaN stays NaN.
// Source of the polynomial: Cephes, tanhf (Moshier 1992).
fn tanh_of(x: f32) -> f32 {
  let size = abs(x);
  if (size < 0.625) {
    let z = x * x;
    let series = (((-5.70498872745e-3 * z + 2.06390887954e-2) * z - 5.37397155531e-2) * z + 1.33314422036e-1) * z
      - 3.33332819422e-1;
    return x + x * z * series;
  }
  let e = select(exp(-2.0 * size), 0.0, size > 20.0);
  let value = (1.0 - e) / (1.0 + e);
  return select(value, -value, x < 0.0);
}
