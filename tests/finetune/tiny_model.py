# SPDX-License-Identifier: Apache-2.0
"""Makes a random model of a few thousand weights with its tokenizer: tiny_model.py FOLDER"""
import sys

import tokenizers
import torch
import transformers

folder = sys.argv[1]
torch.manual_seed(0)
words = "the cat sat on mat dog ran to a house red blue runs quickly .".split()
vocabulary = {w: i for i, w in enumerate(["<unk>", "<s>", "</s>", *words])}
core = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
core.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
tokenizer.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
tokenizer.save_pretrained(folder)
model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
    vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    max_position_embeddings=64, bos_token_id=1, eos_token_id=2))
model.save_pretrained(folder)
