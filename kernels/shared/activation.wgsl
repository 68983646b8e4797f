// Activation functions of the MLP, chosen by override: 0 none, 1 gelu (exact), 2 gelu-tanh, 3 relu, 4 silu.
override ACTIVATION: u32;

// erfc by the rational Chebyshev fit of Numerical Recipes (3rd ed., 6.2.2): relative error below 1.2e-7 everywhere,
// which 1 + erf(x) formed from a fit of erf would lose for large negative x.
fn erfc(x: vec4f) -> vec4f {
  let z = abs(x);
  let t = 1.0 / (1.0 + 0.5 * z);
  let poly = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let tail = t * exp(-z * z + poly);
  return select(tail, 2.0 - tail, x < vec4f(0.0));
}

// Bounded, because WGSL leaves open what an overflowing exp gives; below -87 the result is 0 to f32's precision anyway.
fn logistic(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-max(x, vec4f(-87.0))));
}

fn activate(x: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return 0.5 * x * erfc(-0.7071067811865476 * x); }
    // x/2 (1 + tanh u) = x logistic(2u): no cancellation for negative u, no overflow of tanh for large u.
    case 2u: { return x * logistic(1.5957691216057308 * (x + 0.044715 * x * x * x)); }
    case 3u: { return select(x, vec4f(0.0), x <= vec4f(0.0)); } // NaN stays NaN, which max does not promise
    case 4u: { return x * logistic(x); }
    default: { return x; }
  }
}
