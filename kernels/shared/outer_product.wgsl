// 8 x 8 outputs of one invocation, and one step of their chains of multiply-adds: 8 rows of the left side by 8 columns
// of the right one. sums[2 r] and sums[2 r + 1] are the two halves of row r. Written out, so that every index is a
// constant and the sums stay in registers.
fn add_outer_product(sums: ptr<function, array<vec4f, 16>>, upper: vec4f, lower: vec4f, w0: vec4f, w1: vec4f) {
  (*sums)[0] = fma(vec4f(upper.x), w0, (*sums)[0]);
  (*sums)[1] = fma(vec4f(upper.x), w1, (*sums)[1]);
  (*sums)[2] = fma(vec4f(upper.y), w0, (*sums)[2]);
  (*sums)[3] = fma(vec4f(upper.y), w1, (*sums)[3]);
  (*sums)[4] = fma(vec4f(upper.z), w0, (*sums)[4]);
  (*sums)[5] = fma(vec4f(upper.z), w1, (*sums)[5]);
  (*sums)[6] = fma(vec4f(upper.w), w0, (*sums)[6]);
  (*sums)[7] = fma(vec4f(upper.w), w1, (*sums)[7]);
  (*sums)[8] = fma(vec4f(lower.x), w0, (*sums)[8]);
  (*sums)[9] = fma(vec4f(lower.x), w1, (*sums)[9]);
  (*sums)[10] = fma(vec4f(lower.y), w0, (*sums)[10]);
  (*sums)[11] = fma(vec4f(lower.y), w1, (*sums)[11]);
  (*sums)[12] = fma(vec4f(lower.z), w0, (*sums)[12]);
  (*sums)[13] = fma(vec4f(lower.z), w1, (*sums)[13]);
  (*sums)[14] = fma(vec4f(lower.w), w0, (*sums)[14]);
  (*sums)[15] = fma(vec4f(lower.w), w1, (*sums)[15]);
}

// sums[index], for what happens to each of them once: written out for the same reason.
fn sum_at(sums: ptr<function, array<vec4f, 16>>, index: u32) -> vec4f {
  switch index {
    case 0u: { return (*sums)[0]; }
    case 1u: { return (*sums)[1]; }
    case 2u: { return (*sums)[2]; }
    case 3u: { return (*sums)[3]; }
    case 4u: { return (*sums)[4]; }
    case 5u: { return (*sums)[5]; }
    case 6u: { return (*sums)[6]; }
    case 7u: { return (*sums)[7]; }
    case 8u: { return (*sums)[8]; }
    case 9u: { return (*sums)[9]; }
    case 10u: { return (*sums)[10]; }
    case 11u: { return (*sums)[11]; }
    case 12u: { return (*sums)[12]; }
    case 13u: { return (*sums)[13]; }
    case 14u: { return (*sums)[14]; }
    default: { return (*sums)[15]; }
  }
}
