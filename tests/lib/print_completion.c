/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print-completion bash|zsh|fish: what completes a command line of mssclampctl, from its tables. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/commands.h"
#include "policy/overhead/encap.h"

enum values { VALUES_NONE, VALUES_FILES, VALUES_TUNNELS, VALUES_PEERS, VALUES_WORDS };

/* What may stand for a word of the help. */
static const struct { const char *word; enum values values; const char *words; } meanings[] = {
	{ "FILE", VALUES_FILES, NULL },
	{ "FILE|-", VALUES_FILES, NULL },
	{ "PATH", VALUES_FILES, NULL },
	{ "IN OUT", VALUES_FILES, NULL },
	{ "IF", VALUES_TUNNELS, NULL },
	{ "[TUNNEL]", VALUES_TUNNELS, NULL },
	{ "TUNNEL", VALUES_TUNNELS, NULL },
	{ "P", VALUES_PEERS, NULL },
	{ "PEER|ADDR", VALUES_PEERS, NULL },
	{ "FLOW", VALUES_PEERS, NULL },
	{ "MSS|off", VALUES_WORDS, "off" },
	{ "LEVEL", VALUES_WORDS, "error|warning|notice|info|debug" },
	{ "KIND", VALUES_WORDS, "web|files|video|voip|ssh" },
	{ "KEY", VALUES_WORDS, "syn|clamped|name|path|mss|peers" },
	{ "[FILTER]", VALUES_WORDS, "tunnel|peer|host|net|port|reason|and|or|not" },
};

static enum values values_of(const char *argument, const char **ret_words)
{
	*ret_words = argument;
	for (size_t i = 0; argument && i < COUNT(meanings); i++) {
		if (strcmp(meanings[i].word, argument) == 0) {
			*ret_words = meanings[i].words;
			return meanings[i].values;
		}
	}
	if (argument && strchr(argument, '|') && argument[0] >= 'a' && argument[0] <= 'z')
		return VALUES_WORDS;
	return VALUES_NONE;
}

/* Words of a list "a|b", each behind a separator. */
static void print_words(const char *words, const char *separator)
{
	for (const char *c = words; *c; c++) {
		if (*c == '|')
			fputs(separator, stdout);
		else
			putchar(*c);
	}
}

/* Text inside single quotes of any of the three; specials are escaped with a backslash. */
static void print_quoted(const char *text, const char *specials)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(specials, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_kinds(const char *separator)
{
	for (int kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		printf("%s%s", kind > ENCAP_NONE + 1 ? separator : "",
		       encap_kind_name((enum encap_kind)kind));
}

static void print_commands(const char *separator)
{
	for (const struct command *command = commands; command->name; command++)
		printf("%s%s", command == commands ? "" : separator, command->name);
}

static const char head[] =
	"# SPDX-License-Identifier: GPL-2.0-or-later\n"
	"# Made by tests/lib/print_completion.c: run make completion.\n";

/* Names of a list that the daemon gives, one a line: those that need no quotes. */
#define NAMES                                                                                      \
	"mssclampctl --json \"$1\" 2>/dev/null | grep -oE \"\\\"($2)\\\": *\\\"[^\\\"\\\\\\\\]+\\\"\" |" \
	" sed 's/^[^:]*: *\"//; s/\"$//' | sort -u"

static void bash_values(const char *argument)
{
	const char *words;

	switch (values_of(argument, &words)) {
	case VALUES_NONE:
		fputs("none", stdout);
		break;
	case VALUES_FILES:
		fputs("files", stdout);
		break;
	case VALUES_TUNNELS:
		fputs("tunnels", stdout);
		break;
	case VALUES_PEERS:
		fputs("peers", stdout);
		break;
	case VALUES_WORDS:
		putchar('\'');
		print_words(words, " ");
		putchar('\'');
		break;
	}
}

static void bash_option_values(const char *command, const struct option_row *row)
{
	for (; row->name; row++) {
		if (!row->argument)
			continue;
		printf("\t'%s %s'", command, row->name);
		if (row->letter)
			printf(" | '%s -%c'", command, row->letter);
		fputs(") kind=", stdout);
		bash_values(row->argument);
		puts(" ;;");
	}
}

static void bash_global_values(void)
{
	for (const struct option_row *row = options_global; row->name; row++) {
		if (!row->argument)
			continue;
		printf("\t*' %s'", row->name);
		if (row->letter)
			printf(" | *' -%c'", row->letter);
		fputs(") kind=", stdout);
		bash_values(row->argument);
		puts(" ;;");
	}
}

static void print_options(const struct option_row *row, const char *separator)
{
	for (bool first = true; row->name; row++, first = false)
		printf("%s%s", first ? "" : separator, row->name);
}

/* Options whose next word is theirs, as a pattern of the shell. */
static void print_taking(void)
{
	bool first = true;

	for (const struct option_row *row = options_global; row->name; row++) {
		if (!row->argument)
			continue;
		printf("%s%s", first ? "" : " | ", row->name);
		if (row->letter)
			printf(" | -%c", row->letter);
		first = false;
	}
}

static void bash_commands(void)
{
	fputs("\tcase $command in\n", stdout);
	for (const struct command *command = commands; command->name; command++) {
		printf("\t%s) options='", command->name);
		print_options(command->options, " ");
		fputs("' words=", stdout);
		if (strcmp(command->name, "help") == 0)
			fputs("commands", stdout);
		else if (strcmp(command->name, "calc") == 0)
			fputs("kinds", stdout);
		else
			bash_values(*command->arguments ? command->arguments : NULL);
		puts(" ;;");
	}
	fputs("\t*) options='' words=commands ;;\n\tesac\n", stdout);
}

static void print_bash(void)
{
	fputs(head, stdout);
	puts("# shellcheck shell=bash\n");
	puts("_mssclampctl_names() {\n\t" NAMES "\n}\n");
	puts("_mssclampctl() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tlocal command='' kind='' options words IFS=$'\\n' i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tcase ${COMP_WORDS[i]} in");
	fputs("\t\t", stdout);
	print_taking();
	puts(") ((i++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) command=${COMP_WORDS[i]} && break ;;\n"
	     "\t\tesac\n"
	     "\tdone");
	bash_commands();
	puts("\tcase \"$command $prev\" in");
	for (const struct command *command = commands; command->name; command++)
		bash_option_values(command->name, command->options);
	bash_global_values();
	puts("\tesac\n"
	     "\tif [ -z \"$kind\" ] && [[ $cur = -* ]]; then");
	fputs("\t\tkind=\"$options ", stdout);
	print_options(options_global, " ");
	puts("\"\n\tfi\n"
	     "\tcase ${kind:=$words} in\n"
	     "\tnone) COMPREPLY=() && return ;;\n"
	     "\tfiles) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") && return ;;\n"
	     "\ttunnels) kind=$(_mssclampctl_names tunnels name) ;;\n"
	     "\tpeers) kind=$(_mssclampctl_names peers 'name|peer') ;;");
	fputs("\tcommands) kind='", stdout);
	print_commands(" ");
	fputs("' ;;\n\tkinds) kind='", stdout);
	print_kinds(" ");
	puts("' ;;\n"
	     "\tesac\n"
	     "\t[[ $kind = *$'\\n'* ]] || kind=${kind// /$'\\n'}\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$kind\" -- \"$cur\")\n"
	     "}\n"
	     "complete -F _mssclampctl mssclampctl");
}

static void zsh_values(const char *argument)
{
	const char *words;

	switch (values_of(argument, &words)) {
	case VALUES_NONE:
		fputs(": ", stdout);
		break;
	case VALUES_FILES:
		fputs(":file:_files", stdout);
		break;
	case VALUES_TUNNELS:
		fputs(":tunnel:_mssclampctl_tunnels", stdout);
		break;
	case VALUES_PEERS:
		fputs(":peer:_mssclampctl_peers", stdout);
		break;
	case VALUES_WORDS:
		fputs(":word:(", stdout);
		print_words(words, " ");
		putchar(')');
		break;
	}
}

static void zsh_options(const struct option_row *row, const char *indent)
{
	for (; row->name; row++) {
		printf(" \\\n%s", indent);
		if (row->letter)
			printf("'(-%c %s)'{-%c,%s}'[", row->letter, row->name, row->letter,
			       row->name);
		else
			printf("'%s[", row->name);
		print_quoted(row->help, "[]:");
		putchar(']');
		if (row->argument)
			zsh_values(row->argument);
		putchar('\'');
	}
}

static void zsh_command(const struct command *command)
{
	printf("\t\t%s) _arguments", command->name);
	zsh_options(command->options, "\t\t\t");
	if (strcmp(command->name, "help") == 0) {
		fputs(" \\\n\t\t\t'1:command:(", stdout);
		print_commands(" ");
		fputs(")'", stdout);
	} else if (strcmp(command->name, "calc") == 0) {
		fputs(" \\\n\t\t\t'*:layer:(", stdout);
		print_kinds(" ");
		fputs(")'", stdout);
	} else if (*command->arguments) {
		fputs(" \\\n\t\t\t'*", stdout);
		zsh_values(command->arguments);
		putchar('\'');
	}
	puts(" ;;");
}

static void print_zsh(void)
{
	puts("#compdef mssclampctl");
	fputs(head, stdout);
	puts("\n_mssclampctl_names() {\n\t" NAMES "\n}\n\n"
	     "_mssclampctl_tunnels() {\n"
	     "\tlocal -a names=(${(f)\"$(_mssclampctl_names tunnels name)\"})\n"
	     "\tcompadd -a names\n}\n\n"
	     "_mssclampctl_peers() {\n"
	     "\tlocal -a names=(${(f)\"$(_mssclampctl_names peers 'name|peer')\"})\n"
	     "\tcompadd -a names\n}\n\n"
	     "_mssclampctl() {\n"
	     "\tlocal curcontext=$curcontext state line\n"
	     "\tlocal -a commands=(");
	for (const struct command *command = commands; command->name; command++) {
		printf("\t\t'%s:", command->name);
		print_quoted(command->summary, "");
		puts("'");
	}
	fputs("\t)\n\t_arguments -C", stdout);
	zsh_options(options_global, "\t\t");
	puts(" \\\n\t\t'1:command:->command' '*::argument:->argument'\n"
	     "\tcase $state in\n"
	     "\tcommand) _describe command commands ;;\n"
	     "\targument)\n"
	     "\t\tcase $words[1] in");
	for (const struct command *command = commands; command->name; command++)
		zsh_command(command);
	puts("\t\tesac ;;\n\tesac\n}\n\n_mssclampctl \"$@\"");
}

static void fish_values(const char *argument)
{
	const char *words;

	switch (values_of(argument, &words)) {
	case VALUES_NONE:
		break;
	case VALUES_FILES:
		fputs(" -F", stdout);
		break;
	case VALUES_TUNNELS:
		fputs(" -a '(__mssclampctl_names tunnels name)'", stdout);
		break;
	case VALUES_PEERS:
		fputs(" -a \"(__mssclampctl_names peers 'name|peer')\"", stdout);
		break;
	case VALUES_WORDS:
		fputs(" -a '", stdout);
		print_words(words, " ");
		putchar('\'');
		break;
	}
}

static void fish_options(const struct option_row *row, const char *condition)
{
	for (; row->name; row++) {
		printf("complete -c mssclampctl%s -l %s", condition, row->name + 2);
		if (row->letter)
			printf(" -s %c", row->letter);
		if (row->argument)
			fputs(" -x", stdout);
		if (row->argument)
			fish_values(row->argument);
		fputs(" -d '", stdout);
		print_quoted(row->help, "");
		puts("'");
	}
}

static void fish_command(const struct command *command)
{
	char condition[96];

	printf("complete -c mssclampctl -n __fish_use_subcommand -a %s -d '", command->name);
	print_quoted(command->summary, "");
	puts("'");
	snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'",
		 command->name);
	fish_options(command->options, condition);
	if (!*command->arguments)
		return;
	printf("complete -c mssclampctl%s", condition);
	if (strcmp(command->name, "help") == 0) {
		fputs(" -a '", stdout);
		print_commands(" ");
		putchar('\'');
	} else if (strcmp(command->name, "calc") == 0) {
		fputs(" -a '", stdout);
		print_kinds(" ");
		putchar('\'');
	} else {
		fish_values(command->arguments);
	}
	putchar('\n');
}

static void print_fish(void)
{
	fputs(head, stdout);
	puts("\nfunction __mssclampctl_names\n"
	     "\tmssclampctl --json $argv[1] 2>/dev/null |\n"
	     "\t\tstring match -ar '\"(?:'$argv[2]')\": *\"[^\"\\\\\\\\]+\"' |\n"
	     "\t\tstring replace -r '^[^:]*: *\"(.*)\"$' '$1' | sort -u\n"
	     "end\n\n"
	     "complete -c mssclampctl -f");
	fish_options(options_global, "");
	for (const struct command *command = commands; command->name; command++)
		fish_command(command);
}

int main(int argc, char **argv)
{
	static const struct { const char *shell; void (*print)(void); } shells[] = {
		{ "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish },
	};

	for (size_t i = 0; argc == 2 && i < COUNT(shells); i++) {
		if (strcmp(argv[1], shells[i].shell) == 0) {
			shells[i].print();
			return fflush(stdout) == 0 ? 0 : 1;
		}
	}
	fprintf(stderr, "usage: %s bash|zsh|fish\n", argv[0]);
	return 2;
}
