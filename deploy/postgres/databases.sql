-- One database for each service that has one; run by the image once, when it makes the server's data.
create database huleedu_batch_orchestrator;
create database huleedu_class_management;
create database huleedu_essay_lifecycle;
create database huleedu_file;
create database huleedu_nlp;
create database huleedu_result_aggregator;
create database huleedu_spellchecker;
