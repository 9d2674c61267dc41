-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET TIME_ZONE='+00:00' */;

DROP TABLE IF EXISTS `customers`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `customers` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(120) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '',
  `email` varchar(190) DEFAULT NULL COMMENT 'unique, lower case (see docs)',
  `phone` varchar(32) DEFAULT NULL,
  `balance` decimal(10,2) DEFAULT '0.00',
  `avatar` blob,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `name` (`name`,`phone`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4;

LOCK TABLES `customers` WRITE;
/*!40000 ALTER TABLE `customers` DISABLE KEYS */;
INSERT INTO `customers` VALUES (1,'Anneke Vandervelde','anneke.v@post.example','+32478123456',12.50,NULL),(2,'Brian O\'Neil; \"Bo\"','bo@post.example',NULL,-3.00,0x89504E470D0A1A0A),(3,'J\\K, (Jörg)\nÖztürk','joerg@kunde.example','+49221555010',0.00,_binary 'x\0y');
INSERT INTO `customers` VALUES (4,'It''s me','me@post.example','',1e3,'');
/*!40000 ALTER TABLE `customers` ENABLE KEYS */;
UNLOCK TABLES;

CREATE TABLE `parcels` (`number` char(13) NOT NULL, `customer_id` int, `shipped` datetime, `payload` json DEFAULT NULL) ENGINE=InnoDB;
INSERT INTO `parcels` (`number`, `customer_id`, `shipped`, `payload`) VALUES ('RB123456785GB',1,'2026-03-01 10:00:00','{\"to\": \"Kerkstraat 12\"}'),('RB123456799GB',2,NOW(),NULL);

DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `parcels` FOR EACH ROW BEGIN INSERT INTO log VALUES ('x'); END */;;
DELIMITER ;
-- Dump completed on 2026-03-02 10:00:00
