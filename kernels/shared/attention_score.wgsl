// The score that a product q.k gives: params.scale times it, or softcap * tanh(scale * q.k) with a softcap (0: none).
// With a cap c and temperature T, the host passes scale / c for the scale and c / T for the softcap.
//#include tanh_of
fn attention_score(product: f32) -> f32 {
  let score = params.scale * product;
  if (params.softcap == 0.0) { return score; }
  return params.softcap * tanh_of(score);
}
