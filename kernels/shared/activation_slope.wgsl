// How much of a gradient at an activation's output goes on to its input x. ACTIVATION as in activation.wgsl.
//#include activation

// d activate(x) / dx.
fn slope(x: vec4f) -> vec4f {
  switch ACTIVATION {
    // Phi(x) + x phi(x), the normal distribution and its density.
    case 1u: { return 0.5 * erfc(-0.7071067811865476 * x) + 0.3989422804014327 * x * exp(-0.5 * x * x); }
    // s + x s (1 - s) w', s = logistic(w); 1 - s = logistic(-w) does not cancel.
    case 2u: {
      let w = 1.5957691216057308 * (x + 0.044715 * x * x * x);
      return logistic(w) * (1.0 + x * logistic(-w) * 1.5957691216057308 * (1.0 + 0.134145 * x * x));
    }
    case 3u: { return select(vec4f(0.0), vec4f(1.0), x > vec4f(0.0)); }
    case 4u: { return logistic(x) * (1.0 + x * logistic(-x)); }
    default: { return vec4f(1.0); }
  }
}

// activate(x) / x, by forms that need no division and so hold at x = 0 too.
fn gate(x: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return 0.5 * erfc(-0.7071067811865476 * x); }
    case 2u: { return logistic(1.5957691216057308 * (x + 0.044715 * x * x * x)); }
    case 3u: { return select(vec4f(0.0), vec4f(1.0), x > vec4f(0.0)); }
    case 4u: { return logistic(x); }
    default: { return vec4f(1.0); }
  }
}
