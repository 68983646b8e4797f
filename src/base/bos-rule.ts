/**
 * What decides whether the config's beginning-of-text token is put before texts, where the tokenizer's own file puts
 * nothing there. `config`: it is put there. Otherwise `add_bos_token` and `tokenizer_class` of tokenizer_config.json
 * say whether it is, and where they do not, the class of tokenizer that the transformers library takes for the model's
 * family: it does or does not.
 */
export type BosRule = 'config' | 'class-does' | 'class-does-not';
