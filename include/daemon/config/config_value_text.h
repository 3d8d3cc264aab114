/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that are written as text, or may be: words, marks, prefixes. */
#pragma once

#include "daemon/config/config_value.h"

config_value_reader config_value_read_text; /* KIND_TEXT and KIND_FILE */
config_value_reader config_value_read_word;
config_value_reader config_value_read_words;
config_value_reader config_value_read_mark;
config_value_reader config_value_read_prefix;
