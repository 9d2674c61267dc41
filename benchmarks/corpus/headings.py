"""What people call columns, by language; also abbreviations. Written for the corpus; the product has lists of its own."""

from __future__ import annotations

# ruff: noqa: E501
# field | en | de | fr | nl | zh | es
TEXT = """
person_name|name,full_name,contact name,patient_name,driver name,recipient_name|Name,Vollständiger Name,Ansprechpartner|nom complet,nom du contact|naam,volledige naam,contactpersoon|姓名,联系人|nombre completo,nombre del contacto
given_name|first_name,given name,fname,forename|Vorname|prénom|voornaam|名|nombre de pila
family_name|last_name,surname,lname,family_name|Nachname,Familienname|nom de famille|achternaam,familienaam|姓|apellido,apellidos
birth_date|birth_date,dob,date of birth,birthdate|Geburtsdatum,geb_datum|date de naissance,date_naiss|geboortedatum|出生日期,生日|fecha de nacimiento,fecha_nac
age|age,age_years|Alter|âge|leeftijd|年龄|edad
sex|sex,gender|Geschlecht|sexe|geslacht|性别|sexo
postal_address|address,street address,addr_line_1,delivery_address,street|Anschrift,Straße,Lieferadresse,str_nr|adresse,rue,adresse de livraison|adres,straat,leveradres|地址,收货地址|dirección,calle
postcode|zip,postal_code,postcode,zip code|PLZ,Postleitzahl|code postal,cp|postcode|邮编,邮政编码|código postal,cod_postal
city|city,town,ship_city|Ort,Stadt|ville,localité|stad,woonplaats,gemeente|城市|ciudad,localidad
residence_country|country,country_code,country of residence|Land,Wohnsitzland|pays,pays de résidence|land,woonland|国家,居住国|país,país de residencia
email|email,e-mail,email_address,mail|E-Mail,E-Mail-Adresse|courriel,adresse e-mail|e-mailadres|邮箱,电子邮件|correo electrónico,correo
phone|phone,phone_number,tel,mobile,msisdn,cell phone|Telefon,Telefonnummer,Handy,Mobilnummer|téléphone,tél,portable,gsm|telefoon,telefoonnummer,gsm nummer|电话,手机号码|teléfono,móvil,tel
be_national_number|national number,national_register_no,nrn|Nationalregisternummer|numéro national,niss|rijksregisternummer,insz|比利时国民号码|número nacional belga
fr_nir|nir,french social security number|französische Sozialversicherungsnummer|numéro de sécurité sociale,nir,n_secu|frans socialezekerheidsnummer|法国社会保险号|número de seguridad social francés
de_tax_id|german tax id,tax_id|Steuer-ID,Steueridentifikationsnummer,IdNr|identifiant fiscal allemand|duits fiscaal nummer|德国税号|identificación fiscal alemana
nl_bsn|bsn,citizen service number|niederländische BSN|bsn|BSN,burgerservicenummer,sofinummer|荷兰公民服务号|bsn
lu_matricule|matricule,luxembourg national id|Matrikelnummer Luxemburg|matricule,numéro matricule|matricule luxemburg|卢森堡身份号码|matrícula luxemburgo
it_codice_fiscale|codice fiscale,cod_fisc,tax code|Codice Fiscale|code fiscal italien|codice fiscale|意大利税号|código fiscal italiano
es_dni|dni,nif,spanish id|DNI|dni|dni|西班牙身份证|DNI,NIF,documento de identidad
pt_nif|nif,contribuinte|NIF Portugal|nif|nif|葡萄牙税号|nif portugués
pl_pesel|pesel|PESEL|pesel|pesel|PESEL|pesel
gb_nino|nino,national insurance number,ni_number|NI-Nummer|numéro ni|ni nummer|英国国民保险号|número ni
gb_nhs|nhs_number,nhs no|NHS-Nummer|numéro nhs|nhs nummer|NHS号码|número nhs
us_ssn|ssn,social_security_number,soc sec no|SSN|ssn|ssn|社会安全号码|ssn
us_itin|itin,taxpayer id|ITIN|itin|itin|ITIN|itin
cn_resident_id|resident id,id_card_no|chinesische ID|identité chinoise|chinees id|身份证号,身份证号码|identidad china
in_aadhaar|aadhaar,aadhaar_no,uid number|Aadhaar|aadhaar|aadhaar|Aadhaar号码|aadhaar
in_pan|pan,pan_number|PAN Indien|pan|pan|PAN|pan
br_cpf|cpf,taxpayer cpf|CPF|cpf|cpf|CPF|cpf
passport|passport,passport_no,passport number|Reisepassnummer,Passnummer|numéro de passeport,passeport|paspoortnummer|护照号,护照号码|pasaporte,número de pasaporte
driving_licence|driving_licence,driver license no,licence number,dl_number|Führerscheinnummer|permis de conduire,numéro de permis|rijbewijsnummer|驾驶证号|permiso de conducir,carné de conducir
user_name|username,login,user_name,user id|Benutzername,Anmeldename|nom d'utilisateur,identifiant|gebruikersnaam|用户名|nombre de usuario,usuario
password|password,passwd,pwd|Passwort,Kennwort|mot de passe,mdp|wachtwoord|密码|contraseña,clave de acceso
password_hash|password_hash,pwd_hash,passwd_digest|Passwort-Hash|hash du mot de passe|wachtwoord hash|密码哈希|hash de contraseña
nationality|nationality,citizenship|Staatsangehörigkeit,Nationalität|nationalité|nationaliteit|国籍|nacionalidad
religion|religion,faith,religious affiliation|Religion,Konfession|religion,confession|religie,geloof|宗教,宗教信仰|religión,confesión
health_term|diagnosis,medical condition,disease|Diagnose,Erkrankung|diagnostic,maladie|diagnose,aandoening|诊断,疾病|diagnóstico,enfermedad
merchant_reference|sku,article number,item sku|Artikelnummer,Artikel-Nr|référence article,code article|artikelnummer|商品编号,货号|referencia de artículo,código de artículo
call_detail|call_duration,call duration s,call_seconds|Gesprächsdauer,Anrufdauer|durée de l'appel,durée d'appel|gespreksduur,belduur|通话时长|duración de la llamada
icd_code|icd10,icd_code,diagnosis code|ICD-10,Diagnoseschlüssel|code cim,cim10|icd-code,diagnosecode|ICD编码,诊断编码|código cie,cie10
ethnic_origin|ethnicity,ethnic_origin,race|ethnische Herkunft|origine ethnique|etnische afkomst|民族,族裔|origen étnico,etnia
political_opinion|political party,party affiliation,political_opinion|Parteimitgliedschaft,politische Meinung|parti politique,opinion politique|politieke partij,politieke voorkeur|政治面貌,党派|afiliación política,partido político
trade_union|trade union,union_membership|Gewerkschaft,Gewerkschaftsmitglied|syndicat,appartenance syndicale|vakbond|工会,工会会员|sindicato,afiliación sindical
sexual_life|sexual orientation,sexual_life|sexuelle Orientierung|orientation sexuelle|seksuele geaardheid|性取向|orientación sexual
criminal_record|criminal_record,convictions,offence|Vorstrafen,Straftat|casier judiciaire,condamnations|strafblad,veroordelingen|犯罪记录|antecedentes penales,condenas
genetic_data|genotype,snp,rsid,dna sequence|Genotyp,DNA-Sequenz|génotype,séquence adn|genotype,dna-sequentie|基因型,基因序列|genotipo,secuencia de adn
biometric_data|fingerprint_template,biometric template,face_embedding|Fingerabdruck,biometrische Vorlage|empreinte digitale,gabarit biométrique|vingerafdruk|指纹,指纹模板|huella dactilar
marital_status|marital_status,civil status|Familienstand|état civil,situation matrimoniale|burgerlijke staat|婚姻状况|estado civil
customer_id|customer_id,cust_no,client id,member_id|Kundennummer,Kunden-ID|numéro client,id_client|klantnummer,klant_id|客户编号,会员编号|id_cliente,número de cliente
ipv4|ip,ip_address,client ip,src_ip|IP-Adresse|adresse ip|ip-adres|IP地址|dirección ip
ipv6|ipv6,ip6_addr,source ipv6|IPv6-Adresse|adresse ipv6|ipv6-adres|IPv6地址|dirección ipv6
mac_address|mac,mac_address,hw_addr|MAC-Adresse|adresse mac|mac-adres|MAC地址|dirección mac
uuid|uuid,guid,row_uuid|UUID|uuid|uuid|UUID|uuid
imei|imei,device_imei|IMEI|imei|imei|IMEI,设备IMEI|imei
imsi|imsi,subscriber imsi|IMSI|imsi|imsi|IMSI|imsi
advertising_id|advertising_id,idfa,gaid,ad_id|Werbe-ID|identifiant publicitaire|advertentie-id|广告标识符|id de publicidad
cookie_id|cookie,cookie_id,visitor cookie,ga_client_id|Cookie-ID|identifiant de cookie|cookie-id|Cookie标识|id de cookie
user_agent|user_agent,browser agent,http_user_agent|User-Agent|agent utilisateur,user agent|user agent|用户代理|agente de usuario
latitude|lat,latitude,gps_lat|Breitengrad|latitude|breedtegraad|纬度|latitud
longitude|lon,lng,longitude,gps_lon|Längengrad|longitude|lengtegraad|经度|longitud
position|gps,coordinates,position,geo_point|GPS-Position,Koordinaten|coordonnées gps|coördinaten|坐标,位置坐标|coordenadas
coarse_position|approx location,coarse_location|ungefährer Standort|position approximative|locatie bij benadering|大致位置|ubicación aproximada
vehicle_vin|vin,chassis number,vehicle id number|FIN,Fahrgestellnummer|numéro de châssis,vin|chassisnummer|车架号|número de bastidor
iban|iban,bank_account_iban,payout iban|IBAN|iban|iban|IBAN|iban
bic|bic,swift,swift_code|BIC,SWIFT-Code|bic,code swift|bic|SWIFT代码|bic,código swift
card|card_number,credit card,pan_number,cc_num|Kreditkartennummer,Kartennummer|numéro de carte|kaartnummer,creditcard|信用卡号,卡号|número de tarjeta,tarjeta de crédito
account_number|account_number,acct_no,bank account|Kontonummer|numéro de compte|rekeningnummer|银行账号|número de cuenta,cuenta bancaria
salary|salary,annual_salary,gross_pay|Gehalt,Bruttogehalt|salaire,salaire brut|salaris,brutoloon|工资,薪资|salario,salario bruto
invoice_number|invoice_no,invoice number,inv_nr|Rechnungsnummer,Rechnungs-Nr|numéro de facture,n° facture|factuurnummer|发票号,发票号码|número de factura
vat_number|vat_number,vat id,vat_no|USt-IdNr,Umsatzsteuer-ID|numéro de tva,tva intracommunautaire|btw-nummer|增值税号|número de iva,nif-iva
lei|lei,legal entity identifier|LEI|lei|lei|LEI|lei
isin|isin,security isin|ISIN|isin|isin|ISIN|isin
purchase_history|items purchased,purchase_history,purchased_items|gekaufte Artikel,Kaufhistorie|historique des achats,articles achetés|gekochte artikelen,aankoopgeschiedenis|购买记录,已购商品|historial de compras,artículos comprados
loan|loan_id,loan number|Darlehensnummer,Kreditnummer|numéro de prêt|leningnummer|贷款编号,贷款号|número de préstamo
credit_score|credit_score,fico,credit rating score|Bonitätsscore,Kreditscore|score de crédit,cote de crédit|kredietscore|信用评分,信用分|puntuación crediticia
transaction_amount|amount,transaction_amount,payment amount|Betrag,Zahlungsbetrag|montant,montant de la transaction|bedrag,transactiebedrag|交易金额,金额|importe,importe de la transacción
hs_code|hs_code,hs,commodity code,tariff code,cn_code|Warennummer,Zolltarifnummer|code sh,code douanier,nomenclature|goederencode,hs-code|海关编码,HS编码|código arancelario,partida arancelaria
customs_mrn|mrn,movement reference number|MRN|mrn|mrn|MRN,报关单号|mrn
customs_lrn|lrn,local_reference_number|LRN|lrn,numéro de référence local|lrn|LRN|lrn
customs_grn|grn,guarantee reference|GRN,Bürgschaftsnummer|grn|grn|GRN|grn
eori|eori,eori_number|EORI-Nummer|numéro eori|eori-nummer|EORI号|número eori
ioss|ioss,ioss_number|IOSS-Nummer|numéro ioss|ioss-nummer|IOSS号|número ioss
air_waybill|awb,mawb,air waybill,awb_no|Luftfrachtbrief,AWB-Nr|lettre de transport aérien,lta|luchtvrachtbrief|空运单号|guía aérea
parcel_number|tracking_number,tracking no,parcel id,barcode|Sendungsnummer,Paketnummer|numéro de suivi,n° colis|trackingnummer,pakketnummer|运单号,快递单号|número de seguimiento
sscc|sscc,pallet sscc,logistic unit|SSCC,NVE|sscc|sscc|SSCC,托盘编码|sscc
gtin|gtin,ean,upc,barcode_ean|EAN,GTIN|gtin,ean,code ean|ean,gtin|商品条码,EAN码|ean,gtin
gln|gln,location gln,ship_to_gln|GLN|gln|gln|GLN|gln
gsin|gsin,shipment gsin|GSIN|gsin|gsin|GSIN|gsin
container_number|container_no,cntr_no,container,equipment number|Containernummer|numéro de conteneur,conteneur|containernummer|箱号,集装箱号|número de contenedor,contenedor
imo_ship|imo,imo_number,vessel imo|IMO-Nummer|numéro imo|imo-nummer|IMO编号|número imo
scac|scac,carrier scac|SCAC|scac|scac|SCAC代码|scac
unlocode|port_code,pol,pod,unlocode,port of loading|Ladehafen,Löschhafen|port de chargement,port de déchargement|laadhaven,loshaven|装货港,卸货港|puerto de carga,puerto de descarga
incoterm|incoterm,incoterms,delivery terms|Incoterm,Lieferbedingung|incoterm|incoterm,leveringsvoorwaarde|贸易术语|incoterm
seal_number|seal_no,seal number|Plombennummer,Siegelnummer|numéro de scellé,plomb|zegelnummer|铅封号,封条号|número de precinto,precinto
consignor|consignor,shipper,shipper_name,sender|Versender,Absender|expéditeur|afzender,verzender|发货人|expedidor,remitente
consignee|consignee,cnee_name,consignee name|Empfänger,Warenempfänger|destinataire|geadresseerde,ontvanger|收货人|consignatario,destinatario
notify_party|notify_party,notify,notify party name|Meldeadresse,Notify|partie à notifier|notify partij|通知方,通知人|parte a notificar
declared_value|declared_value,customs value,invoice value|Zollwert,deklarierter Wert|valeur déclarée,valeur en douane|aangegeven waarde,douanewaarde|申报价值,申报金额|valor declarado,valor en aduana
currency|currency,curr,ccy|Währung|devise,monnaie|munt,valuta|币种,货币|moneda,divisa
weight|weight,gross_weight,wt_kg,net weight|Gewicht,Bruttogewicht|poids,poids brut|gewicht,brutogewicht|重量,毛重|peso,peso bruto
goods_description|goods_description,description of goods,cargo description|Warenbezeichnung,Warenbeschreibung|désignation des marchandises,description des marchandises|goederenomschrijving,omschrijving goederen|货物描述,品名|descripción de la mercancía
quantity|quantity,qty,pieces,number of packages|Menge,Anzahl Packstücke|quantité,nombre de colis|aantal,aantal colli|数量,件数|cantidad,número de bultos
bill_of_lading|bl_number,bill of lading,bol_no,mbl|Konnossement,B/L-Nummer|connaissement,numéro de bl|cognossement,bl nummer|提单号|conocimiento de embarque
private_key|private_key,ssl_key,pem|privater Schlüssel|clé privée|privésleutel|私钥|clave privada
jwt|jwt,access_token,bearer|JWT|jeton jwt|jwt token|JWT令牌|token jwt
aws_key|aws_access_key_id,aws_key|AWS-Schlüssel|clé aws|aws-sleutel|AWS密钥|clave aws
github_token|github_token,gh_pat|GitHub-Token|jeton github|github token|GitHub令牌|token de github
slack_token|slack_token,slack_bot_token|Slack-Token|jeton slack|slack token|Slack令牌|token de slack
google_key|google_api_key,maps_key|Google-API-Schlüssel|clé google|google sleutel|谷歌API密钥|clave de google
stripe_key|stripe_key,stripe_secret|Stripe-Schlüssel|clé stripe|stripe sleutel|Stripe密钥|clave de stripe
generic_secret|secret,api_secret,client_secret,auth_token|geheimer Schlüssel,API-Geheimnis|clé secrète,secret|geheime sleutel|密钥,客户端密钥|clave secreta
connection_string|connection_string,database_url,dsn|Verbindungszeichenfolge|chaîne de connexion|verbindingsreeks|连接字符串|cadena de conexión
azure_key|azure_storage,storage_connection|Azure-Speicher|stockage azure|azure opslag|Azure存储密钥|almacenamiento azure
note|notes,remarks,comment,message|Bemerkung,Kommentar|remarques,commentaire|opmerking,opmerkingen|备注|observaciones,comentario
setting|value,config_value|Wert|valeur|waarde|值|valor
"""
HEADINGS: dict[str, dict[str, list[str]]] = {}
for _line in TEXT.strip().splitlines():
    _name, *_rest = _line.split("|")
    HEADINGS[_name] = {
        lang: words.split(",") for lang, words in zip(("en", "de", "fr", "nl", "zh", "es"), _rest, strict=True)
    }
