--
-- PostgreSQL database dump
--

\restrict abc
SET statement_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
BEGIN
  INSERT INTO log VALUES ('never a row; of any table');
  RETURN NEW;
END;
$_$;

CREATE TABLE public.people (
    id integer DEFAULT nextval('public.people_id_seq'::regclass) NOT NULL,
    full_name character varying(120) DEFAULT 'n, n'::character varying,
    "E-mail" text,
    birth_date date,
    note text,
    CONSTRAINT positive CHECK ((id > 0))
);

COPY public.people (id, full_name, "E-mail", birth_date, note) FROM stdin;
1	Claire Martin	c.m@kunde.example	1988-11-30	\N
2	Jörg Öztürk	j.o@kunde.example	1970-04-12	tab\there\nand a line; 'quoted'
3	Li Wei	\N	\N	back\\slash
\.

INSERT INTO public.people VALUES (4, 'O''Neil -- no comment', E'bo\'n@post.example', '2000-01-01'::date, 'a\b');
INSERT INTO public.people (id, full_name) VALUES (5, 'Only' || ' two'), (6, upper('six'));
INSERT INTO public.keys VALUES (1, '\x6869', ARRAY['a','b'], $q$it's; raw$q$, X'6869');

ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
