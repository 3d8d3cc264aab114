/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs and what has to become of them, for test_clamp.c. */
#pragma once

#include <stdint.h>

#include "core/packet.h"

#define FLAG_SYN 0x02

/* What a test packet is made of. */
struct shape {
	uint8_t options[40];
	uint8_t options_len;
	uint8_t data_len;
	uint8_t flags;    /* 0: SYN alone */
	uint8_t offset;   /* data offset, 0: as the options need */
	uint16_t fragment; /* IPv4 field */
};

/* Options and how many bytes they are. */
#define OPTIONS(...) \
	.options = { __VA_ARGS__ }, .options_len = sizeof((const uint8_t[]){ __VA_ARGS__ })

#define MSS_1460 2, 4, 0x05, 0xb4
#define MSS_1300 2, 4, 0x05, 0x14
#define MSS_1200 2, 4, 0x04, 0xb0
#define MSS_536 2, 4, 0x02, 0x18
#define MSS_1220 2, 4, 0x04, 0xc4
#define MSS_8960 2, 4, 0x23, 0x00
#define MSS_0 2, 4, 0, 0
#define NOPS_4 1, 1, 1, 1
#define NOPS_16 NOPS_4, NOPS_4, NOPS_4, NOPS_4

/* The SYNs that other clampers were measured with, and more; limit 1300. `after` is the options
 * afterwards where they changed. */
static const struct {
	const char *name;
	struct shape shape;
	enum syn_result result;
	uint8_t after[40];
	enum syn_result inserting; /* the result where missing options are added */
} cases[] = {
	{ "MSS 1460", { OPTIONS(MSS_1460) }, SYN_CLAMPED, { MSS_1300 }, SYN_CLAMPED },
	{ "MSS 1200", { OPTIONS(MSS_1200) }, SYN_ALREADY_SMALL, { 0 }, SYN_ALREADY_SMALL },
	{ "MSS 1300, the limit", { OPTIONS(MSS_1300) }, SYN_ALREADY_SMALL, { 0 },
	  SYN_ALREADY_SMALL },
	{ "MSS 0", { OPTIONS(MSS_0) }, SYN_ALREADY_SMALL, { 0 }, SYN_ALREADY_SMALL },
	{ "no MSS", { .options_len = 0 }, SYN_NO_MSS, { 0 }, SYN_INSERTED },
	{ "no MSS, 5 bytes of data", { .options_len = 0, .data_len = 5 }, SYN_NO_MSS, { 0 },
	  SYN_NO_MSS },
	{ "MSS 1460, 5 bytes of data", { OPTIONS(MSS_1460), .data_len = 5 }, SYN_CLAMPED,
	  { MSS_1300 }, SYN_CLAMPED },
	{ "1460 and 1460", { OPTIONS(MSS_1460, MSS_1460) }, SYN_CLAMPED, { MSS_1300, MSS_1300 },
	  SYN_CLAMPED },
	{ "1200 and 1460", { OPTIONS(MSS_1200, MSS_1460) }, SYN_CLAMPED, { MSS_1200, MSS_1300 },
	  SYN_CLAMPED },
	{ "1460 and 1200", { OPTIONS(MSS_1460, MSS_1200) }, SYN_CLAMPED, { MSS_1300, MSS_1200 },
	  SYN_CLAMPED },
	{ "end of options, then 1460", { OPTIONS(0, 0, 0, 0, MSS_1460) }, SYN_NO_MSS, { 0 },
	  SYN_INSERTED },
	{ "length 0, then 1460", { OPTIONS(30, 0, 1, 1, MSS_1460) }, SYN_MALFORMED_OPTION, { 0 },
	  SYN_MALFORMED_OPTION },
	{ "an overrun, then 1460", { OPTIONS(30, 40, 1, 1, MSS_1460) }, SYN_MALFORMED_OPTION, { 0 },
	  SYN_MALFORMED_OPTION },
	{ "1460, then an overrun", { OPTIONS(MSS_1460, 30, 40, 1, 1) }, SYN_CLAMPED,
	  { MSS_1300, 30, 40, 1, 1 }, SYN_CLAMPED },
	{ "1200, then an overrun", { OPTIONS(MSS_1200, 30, 40, 1, 1) }, SYN_MALFORMED_OPTION, { 0 },
	  SYN_MALFORMED_OPTION },
	{ "MSS of length 3", { OPTIONS(2, 3, 5, 1, NOPS_4) }, SYN_NO_MSS, { 0 }, SYN_NO_MSS },
	{ "MSS of length 3, then 1460", { OPTIONS(2, 3, 5, MSS_1460, 1) }, SYN_CLAMPED,
	  { 2, 3, 5, MSS_1300, 1 }, SYN_CLAMPED },
	{ "1460 at offset 1", { OPTIONS(1, MSS_1460, 1, 1, 1) }, SYN_CLAMPED,
	  { 1, MSS_1300, 1, 1, 1 }, SYN_CLAMPED },
	{ "1460 at offset 2", { OPTIONS(1, 1, MSS_1460, 1, 1) }, SYN_CLAMPED,
	  { 1, 1, MSS_1300, 1, 1 }, SYN_CLAMPED },
	{ "1460 at offset 3", { OPTIONS(1, 1, 1, MSS_1460, 1) }, SYN_CLAMPED,
	  { 1, 1, 1, MSS_1300, 1 }, SYN_CLAMPED },
	{ "1460 at offsets 1 and 6", { OPTIONS(1, MSS_1460, 1, MSS_1460, 1, 1) }, SYN_CLAMPED,
	  { 1, MSS_1300, 1, MSS_1300, 1, 1 }, SYN_CLAMPED },
	{ "data offset 4", { .options_len = 0, .offset = 4 }, SYN_TCP_HEADER, { 0 },
	  SYN_TCP_HEADER },
	{ "data offset 15, but short", { OPTIONS(MSS_1460), .offset = 15 }, SYN_TCP_HEADER, { 0 },
	  SYN_TCP_HEADER },
	{ "40 NOPs", { OPTIONS(NOPS_16, NOPS_16, NOPS_4, NOPS_4) }, SYN_NO_MSS, { 0 }, SYN_NO_MSS },
	{ "36 NOPs", { OPTIONS(NOPS_16, NOPS_16, NOPS_4) }, SYN_NO_MSS, { 0 }, SYN_INSERTED },
	{ "SYN and ACK", { OPTIONS(MSS_1460), .flags = 0x12 }, SYN_CLAMPED, { MSS_1300 },
	  SYN_CLAMPED },
	{ "SYN and RST", { OPTIONS(MSS_1460), .flags = 0x06 }, SYN_NOT_SYN, { 0 }, SYN_NOT_SYN },
	{ "SYN and FIN", { OPTIONS(MSS_1460), .flags = 0x03 }, SYN_NOT_SYN, { 0 }, SYN_NOT_SYN },
	{ "MSS 8960", { OPTIONS(MSS_8960) }, SYN_CLAMPED, { MSS_1300 }, SYN_CLAMPED },
	{ "TCP-MD5 is lowered", { OPTIONS(19, 18, [18] = 1, 1, MSS_1460) }, SYN_CLAMPED,
	  { 19, 18, [18] = 1, 1, MSS_1300 }, SYN_CLAMPED },
	{ "TCP-MD5 gets none", { OPTIONS(19, 18, [18] = 1, 1) }, SYN_NO_MSS, { 0 }, SYN_NO_MSS },
	{ "TCP-AO", { OPTIONS(MSS_1460, 29, 4, 1, 1) }, SYN_TCP_AO, { 0 }, SYN_TCP_AO },
	{ "TCP-AO in front", { OPTIONS(29, 4, 1, 1, MSS_1460) }, SYN_TCP_AO, { 0 }, SYN_TCP_AO },
};
