// Four steps of a chain of multiply-adds: the elements k .. k + 3 of a row with four rows of a matrix. Every product
// that goes through here in ascending k gives the same bits, whatever its tile.
fn multiply_add(sum: vec4f, v: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) -> vec4f {
  return fma(vec4f(v.w), w3, fma(vec4f(v.z), w2, fma(vec4f(v.y), w1, fma(vec4f(v.x), w0, sum))));
}
