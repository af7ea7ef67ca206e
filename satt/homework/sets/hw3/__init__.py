"""Homework 3: the recurrent net and the LSTM."""
