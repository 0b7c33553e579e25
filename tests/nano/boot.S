/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of the nano guest. A multiboot loader (QEMU's -kernel) leaves the
 * processor in flat 32-bit protected mode, interrupts off, with its magic in
 * eax and the address of its information block in ebx. Nothing else is set up
 * and nothing else is needed: no interrupt is ever enabled.
 */
	.set MAGIC, 0x1BADB002
	.set FLAGS, 0x2			/* memory information wanted */

	.section .multiboot, "a"
	.balign 4
	.long MAGIC
	.long FLAGS
	.long -(MAGIC + FLAGS)

	.text
	.globl nano_start
nano_start:
	cli
	cld
	movl $stack_top, %esp
	pushl %ebx
	pushl %eax
	call nano_main			/* does not return */
halt:	hlt
	jmp halt

	.bss
	.balign 16
	.skip 16384
stack_top:

	.section .note.GNU-stack, "", @progbits
